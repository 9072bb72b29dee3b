echo done 
<<<<<<< ours
